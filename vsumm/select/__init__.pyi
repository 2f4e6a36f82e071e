from .knapsack import solve_knapsack as solve_knapsack
from .segments import select_segments as select_segments
from .spread import MOST_FAMILIAR as MOST_FAMILIAR
