from .cli import add_speed_arguments as add_speed_arguments
