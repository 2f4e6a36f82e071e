"""Timelines of other programs: PySceneDetect's own, and others in their form."""

from fractions import Fraction

import pytest
from films import make_film

from vsumm.errors import ScoresError
from vsumm.media import probe
from vsumm.timeline import read_timeline, runs_of, survey_film

RATE = Fraction(30000, 1001)
SHOTS = [(0, 30), (30, 75), (75, 119)]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("foreign") / "a film.mp4"
    return make_film(path, seconds=4.0, frame_rate=RATE, size=(160, 90))


def frames_read(path, film):
    """Frames of the film that a file shows, and what is said about it."""
    info = probe(film)
    clock = survey_film(info)
    timeline = read_timeline(path, rate_of=lambda named: clock.rate)
    shown = runs_of(timeline, info, clock)
    starts = [round(Fraction(run.start_seconds) * RATE) for run in shown.runs]
    ends = [round(Fraction(run.end_seconds) * RATE) for run in shown.runs]
    return list(zip(starts, ends, strict=True)), [*timeline.notes, *shown.notes]


def scene_list(scenedetect):
    def at(frame):
        return scenedetect.FrameTimecode(frame, RATE)

    return [(at(start), at(end)) for start, end in (SHOTS[0], SHOTS[2])]


@pytest.mark.parametrize("form", ["otio", "fcpxml", "xml", "fcpx.xml", "edl"])
def test_timelines_of_pyscenedetect_are_read(form, film, tmp_path):
    scenedetect = pytest.importorskip("scenedetect")
    output = pytest.importorskip("scenedetect.output")
    path, scenes = tmp_path / f"shots.{form}", scene_list(scenedetect)
    facts = {"video_path": film, "frame_rate": RATE}
    if form == "edl":
        output.write_scene_list_edl(path, scenes, title="shots", reel="AX")
    elif form == "otio":
        output.write_scene_list_otio(path, scenes, **facts)
    elif form in ("fcpxml", "fcpx.xml"):  # by either name: its own command chooses .xml
        output.write_scene_list_fcpx(path, scenes, frame_size=(160, 90), **facts)
    else:
        output.write_scene_list_fcp7(path, scenes, frame_size=(160, 90), **facts)
    frames, _ = frames_read(path, film)
    assert frames == [SHOTS[0], SHOTS[2]]


AUTO_EDITOR_FCPXML = """<?xml version='1.0' encoding='utf-8'?>
<fcpxml version="1.10">
  <resources>
    <format id="r1" name="FFVideoFormatRateUndefined" frameDuration="1001/30000s" width="160"
      height="90" colorSpace="1-1-1 (Rec. 709)" />
    <asset id="r2" name="a film" start="0s" hasVideo="1" format="r1" hasAudio="1" audioSources="1"
      audioChannels="1" duration="119119/30000s">
      <media-rep kind="original-media" src="{url}" />
    </asset>
  </resources>
  <library><event name="Auto-Editor Media Group"><project name="a film">
    <sequence format="r1" tcStart="0s" tcFormat="NDF" audioLayout="mono" audioRate="44.1k">
      <spine>
        <asset-clip name="a film" ref="r2" offset="0s" duration="30030/30000s" start="0s" />
        <asset-clip name="a film" ref="r2" offset="30030/30000s" duration="44044/30000s"
          start="75075/30000s" tcFormat="NDF"><timeMap /></asset-clip>
      </spine>
    </sequence>
  </project></event></library>
</fcpxml>
"""
PREMIERE_XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE xmeml>
<xmeml version="4">
  <sequence><name>edited</name><duration>74</duration>
    <rate><timebase>30</timebase><ntsc>TRUE</ntsc></rate>
    <media><video>
      <format><samplecharacteristics><width>160</width></samplecharacteristics></format>
      <track>
        <clipitem id="clipitem-1"><name>a film.mp4</name><enabled>TRUE</enabled>
          <start>0</start><end>30</end><in>0</in><out>30</out>
          <file id="file-1"><name>a film.mp4</name><pathurl>{url}</pathurl>
            <rate><timebase>30</timebase><ntsc>TRUE</ntsc></rate><duration>119</duration>
            <media><video/><audio><channelcount>1</channelcount></audio></media></file>
        </clipitem>
        <clipitem id="clipitem-2"><name>a film.mp4</name><enabled>FALSE</enabled>
          <start>30</start><end>40</end><in>40</in><out>50</out><file id="file-1"/></clipitem>
        <clipitem id="clipitem-3"><name>a film.mp4</name><enabled>TRUE</enabled>
          <start>30</start><end>74</end><in>75</in><out>119</out><file id="file-1"/>
          <filter><effect><name>Time Remap</name></effect></filter></clipitem>
      </track></video></media>
  </sequence>
</xmeml>
"""
SHOTCUT_MLT = """<?xml version="1.0" standalone="no"?>
<mlt LC_NUMERIC="C" version="7.24.0" title="Shotcut" producer="main_bin">
  <profile width="160" height="90" frame_rate_num="30000" frame_rate_den="1001"/>
  <playlist id="main_bin"><property name="xml_retain">1</property></playlist>
  <producer id="black"><property name="resource">0</property>
    <property name="mlt_service">color</property></producer>
  <playlist id="background">
    <entry producer="black" in="00:00:00.000" out="00:00:02.436"/></playlist>
  <chain id="chain0" out="00:00:03.937">
    <property name="resource">{path}</property>
    <property name="mlt_service">avformat-novalidate</property></chain>
  <playlist id="playlist0">
    <entry producer="chain0" in="00:00:00.000" out="00:00:00.968"/>
    <blank length="00:00:01.001"/>
    <entry producer="chain0" in="00:00:02.503" out="00:00:03.937"/>
  </playlist>
  <tractor id="tractor0"><track producer="background"/><track producer="playlist0"/></tractor>
</mlt>
"""
LOSSLESSCUT_1 = """{{
  version: 1,
  mediaFileName: 'a film.mp4',
  cutSegments: [
    {{
      start: 0,
      end: 1.001,
      name: '',
    }},
    {{
      start: 2.5025,
      end: 3.970633,
      name: 'it\\'s "good"',
      tags: {{ a: 'b' }},
    }},
  ],
}}
"""
LOSSLESSCUT_2 = """{{
  version: 2,
  mediaFileName: 'a film.mp4',
  cutSegments: [
    {{ end: 1.001, name: "no start", selected: true }},
    {{ start: 1.2, name: 'a marker' }},
    {{ start: 1.2, end: 1.5, name: 'not chosen', selected: false }},
    {{ start: 2.5025, end: 3.970633, name: '', }},
  ],
}}
"""


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("auto-editor.fcpxml", AUTO_EDITOR_FCPXML, "speed"),
        ("premiere.xml", PREMIERE_XML, "effects"),
        ("shotcut.mlt", SHOTCUT_MLT, "gaps"),
        ("version1.llc", LOSSLESSCUT_1, ""),
        ("version2.llc", LOSSLESSCUT_2, "2 markers"),
    ],
)
def test_timelines_of_other_programs_are_read(name, text, said, film, tmp_path):
    path = tmp_path / name
    path.write_text(text.format(url=film.as_uri(), path=film), encoding="utf-8")
    frames, notes = frames_read(path, film)
    assert frames == [SHOTS[0], SHOTS[2]]
    assert said in " ".join(notes)


def test_an_edl_of_a_film_with_time_code_counts_from_it(film, tmp_path):
    path = tmp_path / "a.edl"
    codes = "01:00:00;00 01:00:01;00 00:00:00;00 00:00:01;00"
    path.write_text(f"TITLE: x\nFCM: DROP FRAME\n001  AX V C {codes}\n", encoding="utf-8")
    timeline = read_timeline(path, rate_of=lambda named: RATE)
    info = probe(film)
    clock = survey_film(info)
    with pytest.raises(ScoresError, match="after the end"):
        runs_of(timeline, info, clock)
    with_code = type(clock)(RATE, True, Fraction(0), clock.stamp_seconds, 107_892, True)
    (run,) = runs_of(timeline, info, with_code).runs
    assert run.start_seconds == 0
    assert run.end_seconds == pytest.approx(1.001)


def test_an_edl_with_a_dissolve_and_speed_is_read(film, tmp_path):
    path = tmp_path / "a.edl"
    path.write_text(
        "TITLE: x\nFCM: NON-DROP FRAME\n"
        "001  AX  V  C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n"
        "M2   AX  050.0       00:00:00:00\n"
        "002  AX  V  C        00:00:01:00 00:00:01:00 01:00:01:00 01:00:01:00\n"
        "002  AX  V  D    010 00:00:02:15 00:00:03:15 01:00:01:00 01:00:02:00\n"
        "* FROM CLIP NAME: a film.mp4\n* TO CLIP NAME: a film.mp4\n",
        encoding="utf-8",
    )
    timeline = read_timeline(path, rate_of=lambda named: RATE)
    assert [clip.frames(RATE) for clip in timeline.clips] == [range(40), range(75, 105)]
    assert timeline.clips[1].fade_in == 10 / RATE
    assert "speed" in " ".join(timeline.notes)


def test_clips_of_several_films_are_said(film, tmp_path):
    path = tmp_path / "a.edl"
    lines = []
    for number, name in enumerate(("a.mp4", "b.mp4", "a.mp4"), 1):
        start, end = f"00:00:0{number}:00", f"00:00:0{number}:20"
        lines += [
            f"{number:03d}  AX  V  C  {start} {end} {start} {end}",
            f"* FROM CLIP NAME: {name}",
        ]
    path.write_text("\n".join(lines), encoding="utf-8")
    timeline = read_timeline(path, rate_of=lambda named: RATE)
    assert timeline.source.path.name == "a.mp4"
    assert len(timeline.clips) == 2
    assert "1 clips of other films" in timeline.notes[0]
