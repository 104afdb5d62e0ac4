"""Model files, opened safely: skops and ONNX by what they hold, never by their name; a pickle is refused unread.

A pickle runs whatever its author wrote when it is opened. A skops file names the types that it holds, and only those
of scikit-learn and of the survival models listed here are built; an ONNX file is a graph of numbers.
"""

from __future__ import annotations

import hashlib
import io
import pickletools
import zipfile
from pathlib import Path
from typing import Any, Literal, Protocol

from liverboard.corpus.errors import InputError
from liverboard.recommender.models.card import Card

Format = Literal["skops", "onnx"]
# What skops does not trust by itself and a scikit-survival Cox model is made of; all plain containers of numbers.
_TRUSTED = frozenset(
    {
        "numpy.dtype",
        "sksurv.functions.StepFunction",
        "sksurv.linear_model.coxnet.CoxnetSurvivalAnalysis",
        "sksurv.linear_model.coxph.BreslowEstimator",
        "sksurv.linear_model.coxph.CoxPHSurvivalAnalysis",
    }
)
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda", b"ZF", b"\x04\x22\x4d\x18")
_REMEDY = "Write the model with skops.io.dump, or export it to ONNX; a pickle runs code when it is opened."
_COMPARE = "Check that its inputs are those of its card."


class Model(Protocol):
    """Anything that turns a matrix of inputs (patients by columns, NaN where unknown) into one number a patient."""

    def values(self, inputs: list[list[float]], horizon_days: float | None) -> list[float]:
        """The probability of the event (by the horizon, for survival), or the score."""


def sniff(path: Path) -> Format:
    """The format of a model file by its content.

    Raises
    ------
    InputError
        It is a pickle (bare, compressed, or within an archive), or neither skops nor ONNX.
    """
    raw = _bytes(path)
    if _is_pickle(raw) or raw.startswith(_PACKED):
        raise InputError(path.name, "is a pickle (or compressed, as joblib writes pickles): refused.", _REMEDY)
    if zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = archive.namelist()
        if any(name.endswith((".pkl", ".pickle")) for name in names):
            raise InputError(path.name, "is an archive that holds a pickle: refused.", _REMEDY)
        if "schema.json" in names:
            return "skops"
        raise InputError(path.name, "is an archive, but no skops file (it has no schema.json).", _REMEDY)
    if _is_onnx(raw):
        return "onnx"
    raise InputError(path.name, "is neither a skops nor an ONNX file.", _REMEDY)


def load(card: Card, folder: Path) -> Model:
    """The model of a card that lies in `folder`.

    Raises
    ------
    InputError
        The file is missing, changed since the card was written, not of the format that the card claims, or holds
        types that are not trusted.
    """
    if Path(card.file.name).name != card.file.name:
        raise InputError("file.name", f"{card.file.name!r} lies outside the card's folder.", "Keep both in one folder.")
    path = folder / card.file.name
    found = sniff(path)
    if found != card.file.format:
        raise InputError(path.name, f"is a {found} file; its card says {card.file.format}.", "Correct file.format.")
    if card.file.sha256 and sha256(path) != card.file.sha256:
        raise InputError(path.name, "is not the file that its card describes (sha256).", "Restore it.")
    return _Onnx(path, len(card.inputs)) if found == "onnx" else _Skops(path)


def save(estimator: Any, path: Path) -> str:
    """Write a fitted estimator as skops; the SHA-256 of the file."""
    import skops.io

    skops.io.dump(estimator, path)
    return sha256(path)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(_bytes(path)).hexdigest()


def open_skops(path: Path) -> Any:
    """The estimator in a skops file, if every type in it is trusted."""
    import skops.io

    try:
        strange = sorted(set(skops.io.get_untrusted_types(file=path)) - _TRUSTED)
    except Exception as error:  # a damaged archive fails in many ways, all of which mean: not a skops file
        raise InputError(path.name, "is a damaged skops file.", "Write it again with skops.io.dump.") from error
    if strange:
        raise InputError(
            path.name,
            f"holds types that are not trusted: {', '.join(strange[:5])}.",
            "Build the model of scikit-learn and scikit-survival parts alone, or export it to ONNX.",
        )
    try:
        return skops.io.load(path, trusted=sorted(_TRUSTED))
    except Exception as error:  # as above
        raise InputError(path.name, "is a damaged skops file.", "Write it again with skops.io.dump.") from error


class _Skops:
    def __init__(self, path: Path) -> None:
        self._name, self._estimator = path.name, open_skops(path)

    def values(self, inputs: list[list[float]], horizon_days: float | None) -> list[float]:
        import numpy as np

        matrix = np.asarray(inputs, dtype=float)
        estimator = self._estimator
        try:
            if hasattr(estimator, "predict_survival_function") and horizon_days is not None:
                return [1.0 - float(curve(horizon_days)) for curve in estimator.predict_survival_function(matrix)]
            if hasattr(estimator, "predict_proba"):
                return [float(value) for value in estimator.predict_proba(matrix)[:, 1]]
            return [float(value) for value in estimator.predict(matrix)]
        except (ValueError, AttributeError, IndexError) as error:
            raise InputError(self._name, f"cannot be run: {error}", _COMPARE) from error


class _Onnx:
    def __init__(self, path: Path, width: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(_bytes(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises many kinds, all of which mean: not a graph that can be run
            raise InputError(path.name, "is not an ONNX graph that can be run here.", "Export it again.") from error
        self._name = path.name
        given = self._session.get_inputs()
        if len(given) != 1 or len(given[0].shape) != 2:
            raise InputError(path.name, "takes more than one input.", "Export it with one matrix: patients by columns.")
        if isinstance(given[0].shape[1], int) and given[0].shape[1] != width:
            raise InputError(
                path.name, f"takes {given[0].shape[1]} columns; its card lists {width}.", "List them in their order."
            )
        self._double = "double" in given[0].type

    def values(self, inputs: list[list[float]], horizon_days: float | None) -> list[float]:
        import numpy as np

        matrix = np.asarray(inputs, dtype=np.float64 if self._double else np.float32)
        outputs = self._session.get_outputs()
        chosen = next((found for found in outputs if "prob" in found.name.lower()), outputs[-1])
        try:
            result = self._session.run([chosen.name], {self._session.get_inputs()[0].name: matrix})[0]
        except Exception as error:  # as above
            raise InputError(self._name, f"cannot be run: {error}", _COMPARE) from error
        if isinstance(result, list):  # a list of {class: probability}, as exported with ZipMap
            return [float(row[max(row)]) for row in result]
        array = np.asarray(result, dtype=float)
        if array.shape not in {(len(inputs),), (len(inputs), 1), (len(inputs), 2)}:
            remedy = "Export it with one column, or two for a yes-or-no outcome."
            raise InputError(self._name, f"gives a result of shape {array.shape}.", remedy)
        return [float(value) for value in (array if array.ndim == 1 else array[:, -1])]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror}).", "Give the path of a model file.") from error


def _is_pickle(raw: bytes) -> bool:
    """Whether the bytes are a pickle: read as instructions to their end, none of which is carried out."""
    if raw[:1] == b"\x80" and raw[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return True
    try:
        for _ in pickletools.genops(raw):
            pass
    except Exception:  # not a pickle of the old text protocols
        return False
    return True


def _is_onnx(raw: bytes) -> bool:
    """Whether the bytes begin as an ONNX message does: field 1, `ir_version`, a small whole number."""
    return len(raw) > 16 and raw[:1] == b"\x08" and 0 < raw[1] < 64
