"""What gunicorn loads."""

import os

from microblog.factory import create_app
from microblog.settings import load_settings

application = create_app(load_settings(os.environ))
