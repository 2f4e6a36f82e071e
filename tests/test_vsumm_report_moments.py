"""Picks, runners-up, and why each is what it is."""

from summaries import make_info, make_summary

from vsumm.report.moments import picks_of, runners_up_of, scored_by, skipped_pieces

SCORES = [0.1, 0.9, 0.8, 0.3, 0.2, 0.7, 0.1, 0.6, 0.5, 0.1]


def spans(moments):
    return [(m.segment.start_seconds, m.segment.end_seconds) for m in moments]


def test_picks_are_the_runs_of_the_reel_with_mean_score_and_rank():
    picks = picks_of(make_summary(SCORES, picked=[1, 2, 5]))
    assert spans(picks) == [(2, 6), (10, 12)]
    assert [round(pick.score, 3) for pick in picks] == [0.85, 0.7]
    assert [pick.rank for pick in picks] == [1, 2]
    assert picks[0].best_seconds == 3.0
    assert [pick.dropped for pick in picks] == [(), ()]


def test_what_it_is_scored_by_names_the_topic_where_that_counts():
    info = make_info("HowToWheelie-a_bike.mp4")
    signals = {"motion": SCORES, "about": [0.1, *SCORES[1:]]}
    believed = make_summary(SCORES, picked=[1], signals=signals, info=info)
    assert scored_by(believed) == 'highlights, about "How To Wheelie a bike" (its file name)'
    ignored = {"motion": SCORES, "about": [0.0] * 10}
    assert scored_by(make_summary(SCORES, picked=[1], signals=ignored, info=info)) == "highlights"
    searched = make_summary(SCORES, picked=[1], signals=signals, info=info, query="a crash")
    assert scored_by(searched) == 'the query "a crash"'
    assert picks_of(searched)[0].why == 'looks like "a crash"'


def test_equal_scores_share_a_rank():
    picks = picks_of(make_summary([0.5, 0.1, 0.5, 0.1, 0.4], picked=[0, 2, 4]))
    assert [pick.rank for pick in picks] == [1, 1, 3]


def test_a_pick_says_what_it_has_more_of():
    signals = {"motion": [0.0] * 9 + [1.0], "image_arousal": [0.5] * 10}
    summary = make_summary(SCORES, picked=[9], signals=signals)
    assert picks_of(summary)[0].why == "much motion"
    flat = make_summary(SCORES, picked=[9], signals={"motion": [0.5] * 10})
    assert picks_of(flat)[0].why == "no signal stands out"


def test_runners_up_are_the_best_of_what_was_left_out():
    runners_up = runners_up_of(make_summary(SCORES, picked=[1, 2, 5]))
    assert spans(runners_up) == [(6, 10), (14, 18)]
    assert [moment.rank for moment in runners_up] == [2, 1]


def test_a_runner_up_says_how_far_it_is_from_the_reel():
    summary = make_summary(SCORES, picked=[1, 2, 5], budget_seconds=7.2, by="image")
    dropped = {m.segment.start_seconds: m.dropped for m in runners_up_of(summary)}
    assert dropped[14.0] == ("0.15 below the lowest pick", "2.8 s over the budget")


def test_a_runner_up_that_is_as_good_as_a_pick_was_too_near_one():
    scores = [0.9, 0.85, 0.1, 0.1, 0.2, 0.1, 0.2, 0.1, 0.2, *[0.1] * 5, 0.5]
    summary = make_summary(scores, picked=[0, 14], budget_seconds=5.0)
    assert runners_up_of(summary)[0].dropped == ("near another pick", "1.0 s over the budget")
    plain = make_summary(scores, picked=[0, 14], budget_seconds=5.0, spread=0.0)
    assert runners_up_of(plain)[0].dropped == ("1.0 s over the budget",)


def test_a_millisecond_over_the_budget_is_said_as_one():
    summary = make_summary([0.9, 0.9], picked=[0], budget_seconds=3.999, by="image")
    assert runners_up_of(summary)[0].dropped == ("1 ms over the budget",)


def test_without_any_score_there_is_neither_pick_nor_runner_up():
    nothing = make_summary([None, None], picked=[], signals={"motion": [None, None]})
    assert picks_of(nothing) == runners_up_of(nothing) == []
    empty = make_summary([], picked=[], info=make_info())
    assert picks_of(empty) == runners_up_of(empty) == skipped_pieces(empty) == []


def test_pieces_without_a_score_are_joined():
    summary = make_summary([None, None, 0.5, None], picked=[])
    spans = [(p.start_seconds, p.end_seconds) for p in skipped_pieces(summary)]
    assert spans == [(0, 4), (6, 8)]
