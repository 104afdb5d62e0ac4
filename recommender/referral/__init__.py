"""Reads a plain-text referral into a profile, and shows the words that every value was read from."""

from liverboard.recommender.referral.read import read_referral
from liverboard.recommender.referral.records import ReadValue, Referral

__all__ = ["ReadValue", "Referral", "read_referral"]
