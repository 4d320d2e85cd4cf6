"""What pyproject.toml cannot say: config and migrations travel as data of `sunshine`."""

from setuptools import find_packages, setup

setup(
    py_modules=["cli", "server"],
    packages=[
        *find_packages(include=["handlers*", "models*", "sunshine*"]),
        "sunshine.config",
        "sunshine.migrations",
    ],
    package_dir={"sunshine.config": "config", "sunshine.migrations": "migrations"},
    package_data={
        "sunshine": ["data/*.txt", "data/docs/*", "py.typed"],
        "sunshine.config": ["*", ".env.example", "*/*"],
        "sunshine.migrations": ["*.py", "*.toml", "versions/*/*.py"],
    },
)
