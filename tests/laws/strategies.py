"""Patients from the whole space, in the contract's form; a failing test shrinks towards the usual patient."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from liverboard.corpus.knowledge import Knowledge, load_knowledge
from liverboard.eval.patient_space import (
    ABSENT,
    Patient,
    answerable,
    coherent,
    list_choices,
    patient_of,
    single_choices,
)


@lru_cache(maxsize=1)
def shipped() -> Knowledge:
    """The shipped corpus: its vocabulary says which words a profile may hold."""
    return load_knowledge()


@st.composite
def patients(draw: st.DrawFn, *, with_an_answer: bool = False) -> Patient:
    """Any valid profile; `with_an_answer`: with a proven tumour and all that a stage needs."""
    values: dict[str, Any] = {
        path: draw(st.sampled_from((*(options[0],) * len(options), *options)))
        for path, options in single_choices(shipped()).items()
    }
    for path, options in list_choices(shipped()).items():
        some = st.lists(st.sampled_from(options), max_size=2, unique_by=str)
        values[path] = draw(st.one_of(st.just([]), some, st.just(ABSENT)))
    patient = patient_of(values)
    if with_an_answer:
        return answerable(patient, shipped())
    return patient if draw(st.integers(0, 9)) == 9 else coherent(patient)
