from .training import TrainingPlan as TrainingPlan
from .training import make_folds as make_folds
from .training import read_splits as read_splits
from .training import train_and_score as train_and_score
