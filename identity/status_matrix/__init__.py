"""`identity status-matrix`: reaches every status a login can end with, on a running development installation.

Each status is a case (`cases.py`): calls that set up its cause, and the one call that ends so. They are printed as the
curl commands that anybody can repeat, and sent from here as well.
"""

from identity.status_matrix.running import require_cases, require_service, run
from identity.status_matrix.writing import page

__all__ = ["page", "require_cases", "require_service", "run"]
