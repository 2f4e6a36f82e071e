from .shots import FoundCuts as FoundCuts
from .shots import Looks as Looks
from .shots import find_cuts as find_cuts
from .speech import FoundSpeech as FoundSpeech
from .speech import find_speech as find_speech
from .speech_job import phrases_in as phrases_in
from .voice import VoiceDetector as VoiceDetector
