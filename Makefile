.PHONY: dev check

dev:  ## set up for development, once
	pip install -c constraints.txt -e '.[dev]'

check:  ## what to run before a commit
	ruff format .
	ruff check .
	mypy
	pytest
