"""Words: English and Chinese tokens, bilingual terms, BM25 and its fusion with vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from liverboard.corpus.errors import CorpusError
from liverboard.indexer.fusion import min_max
from liverboard.indexer.lexical import ALTERNATIVE_WEIGHT, LexicalIndex, build_lexical
from liverboard.indexer.tokens import Term, Tokeniser
from liverboard.indexer.vocabulary import Concept, Vocabulary, read_vocabulary, shipped_vocabulary

THROMBUS = Concept(id="pvtt", en=("portal vein tumour thrombus", "PVTT"), zh=("门静脉癌栓",))
SORAFENIB = Concept(id="sorafenib", en=("sorafenib", "Nexavar"), zh=("索拉非尼", "多吉美"))


@pytest.fixture(scope="module")
def tokeniser() -> Tokeniser:
    return Tokeniser(Vocabulary([THROMBUS, SORAFENIB]))


@pytest.mark.parametrize(("one", "other"), [
    ("tumour embolisation", "Tumor embolization"),
    ("Child–Pugh", "child-pugh"),
    ("PD-1", "PD1"),
    ("CNLC Ⅱa", "CNLC IIa"),
    ("ＨＣＣ", "HCC"),
    ("门 静 脉\n癌栓", "门静脉癌栓"),
    ("hepatic resections", "hepatic resection"),
])
def test_what_is_the_same_gives_a_common_token(tokeniser: Tokeniser, one: str, other: str) -> None:
    assert set(tokeniser.tokens(one)) & set(tokeniser.tokens(other))
    assert set(tokeniser.tokens(other)) <= set(tokeniser.tokens(one)) | set(tokeniser.tokens(other))


def test_names_of_the_field_stay_whole(tokeniser: Tokeniser) -> None:
    assert {"bclc", "vp4", "upto7", "0.5"} <= set(tokeniser.tokens("BCLC, Vp4, up-to-7 and 0.5"))
    assert "门静脉癌栓" in tokeniser.tokens("合并门静脉癌栓者")
    assert "the" not in tokeniser.tokens("the liver")


def test_segmenting_chinese_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert Tokeniser(Vocabulary()).tokens("肝癌患者的治疗")
    assert capfd.readouterr() == ("", "")


def test_a_term_is_found_by_its_longest_name_in_either_language() -> None:
    vocabulary = Vocabulary([THROMBUS, SORAFENIB, Concept(id="vein", en=("portal vein",), zh=("门静脉",))])
    parts = vocabulary.parts("多吉美治疗门静脉癌栓; portal vein, portal-vein tumour thrombus")
    found = [part.concept.id for part in parts if part.concept]
    assert found == ["sorafenib", "pvtt", "vein", "pvtt"]


def test_a_chinese_question_is_glossed_in_english() -> None:
    vocabulary = Vocabulary([THROMBUS, SORAFENIB])
    gloss = vocabulary.gloss("门静脉癌栓能用索拉非尼吗 BCLC C")
    assert gloss == "portal vein tumour thrombus sorafenib bclc c"
    assert vocabulary.gloss("今天天气") == ""


def test_a_chinese_question_scores_english_text_and_the_reverse(tokeniser: Tokeniser) -> None:
    texts = ["PVTT treated with sorafenib", "门静脉癌栓患者使用索拉非尼", "liver transplantation"]
    index = build_lexical([0, 1, 2], [tokeniser.tokens(text) for text in texts])
    for question in ("索拉非尼", "Nexavar", "sorafenib"):
        scores = index.scores(tokeniser.terms(question))
        assert (scores[:2] > 0).all()
        assert scores[2] == 0


def test_a_passage_in_two_languages_counts_a_concept_once(tokeniser: Tokeniser) -> None:
    texts = ["sorafenib 索拉非尼 Nexavar", "sorafenib or placebo", "nothing"]
    index = build_lexical([0, 1, 2], [tokeniser.tokens(text) for text in texts])
    names = [index.scores([Term(tuple(tokeniser.tokens(name)))])[0]
             for name in ("sorafenib", "索拉非尼", "Nexavar")]
    assert max(names) * ALTERNATIVE_WEIGHT <= index.scores(tokeniser.terms("sorafenib"))[0] <= max(names)


def test_another_name_counts_only_as_a_whole(tokeniser: Tokeniser) -> None:
    texts = ["portal pressure", "portal vein tumor thrombus"]
    index = build_lexical([0, 1], [tokeniser.tokens(text) for text in texts])
    assert list(index.scores(tokeniser.terms("PVTT")) > 0) == [False, True]


def test_a_lexical_index_is_the_same_after_saving(tokeniser: Tokeniser, tmp_path: Path) -> None:
    index = build_lexical([3, 7], [tokeniser.tokens("sorafenib for HCC"), tokeniser.tokens("肝癌")])
    index.save(tmp_path)
    again = LexicalIndex.load(tmp_path)
    assert again.ids.tolist() == [3, 7]
    assert again.scores(tokeniser.terms("HCC")).tolist() == index.scores(tokeniser.terms("HCC")).tolist()


def test_an_index_of_nothing_can_be_asked(tokeniser: Tokeniser) -> None:
    assert len(build_lexical([], []).scores(tokeniser.terms("HCC"))) == 0


def test_scores_are_brought_to_the_unit_interval() -> None:
    assert min_max(np.array([2, 4, 3, np.nan], dtype=np.float32)).tolist() == [0, 1, 0.5, 0]
    assert min_max(np.array([5], dtype=np.float32)).tolist() == [1]
    assert min_max(np.zeros(3, dtype=np.float32)).tolist() == [0, 0, 0]
    assert min_max(np.array([1, 2, 3, 5], dtype=np.float32), pool=3).tolist() == [0, 0, pytest.approx(1 / 3), 1]


def test_the_shipped_terms_name_each_thing_once_and_in_both_languages() -> None:
    concepts = shipped_vocabulary().concepts
    assert len(concepts) >= 250
    assert len({concept.id for concept in concepts}) == len(concepts)
    assert all(concept.en and concept.zh for concept in concepts)


def test_terms_in_another_form_are_refused_by_name(tmp_path: Path) -> None:
    assert read_vocabulary(tmp_path).concepts == ()
    (tmp_path / "terms.yaml").write_text("- {id: x, english: [y]}")
    with pytest.raises(CorpusError, match=r"terms\.yaml"):
        read_vocabulary(tmp_path)
