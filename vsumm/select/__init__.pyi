from .budget import select_segments as select_segments
from .knapsack import solve_knapsack as solve_knapsack
from .spread import MOST_FAMILIAR as MOST_FAMILIAR
from .variants import Variant as Variant
from .variants import select_variants as select_variants
