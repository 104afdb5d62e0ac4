"""Writing an index: from the shipped sources and the user's documents, adding and removing.

Every change writes a whole new generation; vectors and tokens of text that was there before are taken
over, so that only new text is embedded. The same content gives the same files whatever its history.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from rapidfuzz import process

from liverboard.corpus.documents.records import Document
from liverboard.corpus.errors import IndexUnavailableError, InputError
from liverboard.corpus.records import Record, Source
from liverboard.indexer import store
from liverboard.indexer.embed import Embedder, default_embedder, embedder_named
from liverboard.indexer.metadata import IndexedSource, Metadata
from liverboard.indexer.passages import Passage, passages_of_document, passages_of_source
from liverboard.indexer.store import METADATA, Manifest
from liverboard.indexer.write import Holding, Progress, write_generation


class Change(Record):
    """What a change did, by source id. `unchanged`: was there already."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    manifest: Manifest


def build_index(
    directory: Path, sources: Iterable[Source], documents: Iterable[Document] = (), *, created: str,
    embedder: Embedder | None = None, knowledge_fingerprint: str | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Write an index of exactly these sources and documents, in place of the one that is there.

    Parameters
    ----------
    directory : of the index; made if need be
    created : date or time to be written into the manifest
    embedder : None is the shipped one
    knowledge_fingerprint : of the shipped corpus, to be kept in the manifest
    progress : told of every step

    Raises
    ------
    InputError
        The directory cannot be written, or a document has nothing to be searched.
    IndexUnavailableError
        The embedder's weights are missing or altered, or another process is writing.
    """
    holdings = [*map(_of_source, sources), *map(_of_document, documents)]
    embedder = embedder or default_embedder()
    return write_generation(directory, holdings, created, embedder, knowledge_fingerprint, progress)


def refresh_corpus(
    directory: Path, sources: Iterable[Source], *, created: str, knowledge_fingerprint: str | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Replace the shipped sources of an index by these; the user's documents and the embedder stay."""
    present, manifest = _present(directory)
    documents = [holding for holding in present if holding.source.kind == "document"]
    return write_generation(directory, [*map(_of_source, sources), *documents], created,
                            embedder_named(manifest.embedder), knowledge_fingerprint, progress)


def add_documents(
    directory: Path, documents: Iterable[Document], *, created: str, embedder: Embedder | None = None,
    progress: Progress | None = None,
) -> Change:
    """Add documents to an index; those whose bytes are in it already are left as they are.

    Parameters
    ----------
    embedder : must be the one that the index was built with; None takes that one

    Raises
    ------
    IndexUnavailableError
        There is no index, or it was built with another embedder.
    """
    present, manifest = _present(directory)
    embedder = matching_embedder(manifest, embedder)
    known = {holding.source.sha256: holding.source.source_id for holding in present}
    added: list[Holding] = []
    unchanged: list[str] = []
    for document in documents:
        if document.sha256 in known:
            unchanged.append(known[document.sha256])
        else:
            added.append(_of_document(document))
            known[document.sha256] = document.id
    if added:
        manifest = write_generation(directory, [*present, *added], created, embedder,
                                    manifest.knowledge_fingerprint, progress)
    names = tuple(holding.source.source_id for holding in added)
    return Change(added=names, unchanged=tuple(unchanged), manifest=manifest)


def remove_sources(
    directory: Path, source_ids: Sequence[str], *, created: str, embedder: Embedder | None = None,
    progress: Progress | None = None,
) -> Change:
    """Take sources out of an index, shipped or the user's, with all their passages.

    `source_ids` may also name a document's file.

    Raises
    ------
    InputError
        A source is not in the index; names the nearest that is. The index stays as it was.
    """
    present, manifest = _present(directory)
    embedder = matching_embedder(manifest, embedder)
    by_name = {h.source.file_name: h.source.source_id for h in present if h.source.file_name}
    by_name |= {h.source.source_id: h.source.source_id for h in present}
    for name in source_ids:
        if name not in by_name:
            near = process.extractOne(name, list(by_name), score_cutoff=60)
            raise InputError("source", f"{name!r} is not in the index.",
                             f"Did you mean {near[0]!r}?" if near
                             else "`liverboard index info` lists what is.")
    gone = {by_name[name] for name in source_ids}
    kept = [holding for holding in present if holding.source.source_id not in gone]
    if gone:
        manifest = write_generation(directory, kept, created, embedder, manifest.knowledge_fingerprint,
                                    progress)
    return Change(removed=tuple(sorted(gone)), manifest=manifest)


def matching_embedder(manifest: Manifest, embedder: Embedder | None) -> Embedder:
    """The embedder asked for if the index was built with it; the index's own if none was asked for.

    Raises
    ------
    IndexUnavailableError
        The index was built with another; says which, and how to rebuild.
    """
    if embedder is None:
        return embedder_named(manifest.embedder)
    if (embedder.name, embedder.fingerprint) != (manifest.embedder, manifest.embedder_sha256):
        raise IndexUnavailableError(
            f"The index was built with the embedder {manifest.embedder} ({manifest.embedder_sha256[:12]}), "
            f"not with {embedder.name} ({embedder.fingerprint[:12]}). Ask for {manifest.embedder}, or build "
            f"the index anew with `liverboard index build` and the other embedder.")
    return embedder


def _of_source(source: Source) -> Holding:
    record = source.model_dump_json()
    return Holding(IndexedSource(
        source_id=source.id, kind="statement", title=source.title, year=source.year, status=source.status,
        doi=source.doi, pmid=source.pmid, sha256=hashlib.sha256(record.encode()).hexdigest(),
    ), passages_of_source(source))


def _of_document(document: Document) -> Holding:
    passages = passages_of_document(document)
    if not passages:
        raise InputError(document.file_name, "the document has nothing but a list of references.",
                         "Give a file with text of its own.")
    return Holding(IndexedSource(
        source_id=document.id, kind="document", title=document.title, year=document.year,
        language=document.language, doi=document.doi, pmid=document.pmid, sha256=document.sha256,
        file_name=document.file_name,
    ), passages)


def _present(directory: Path) -> tuple[list[Holding], Manifest]:
    """What the index holds now."""
    generation = store.current_generation(directory)
    manifest = store.read_manifest(generation)
    metadata = Metadata(generation / METADATA)
    by_source: dict[str, list[Passage]] = {}
    for entry in metadata.entries():
        by_source.setdefault(entry.passage.source_id, []).append(entry.passage)
    holdings = [Holding(source, by_source.get(source.source_id, [])) for source in metadata.sources()]
    metadata.close()
    return holdings, manifest
