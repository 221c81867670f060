"""Our own closed-form matting: alpha of unknown pixels, with a soft prior, in bounded time and memory.

solve           the way in: unknown pixels -> alpha
effort          what the values of `matting_effort` mean
components      unknown pixels in systems that can each be solved alone
laplacian       a system's equations
direct          solved by sparse factors: narrow bands, small spots
multigrid       solved by algebraic multigrid: wide regions
reduced_size    solved at a smaller size: very wide regions
"""

from cutsmith.matting.closed_form.reduced_size import local_linear_upsample
from cutsmith.matting.closed_form.solve import solve_unknown

__all__ = ["local_linear_upsample", "solve_unknown"]
