"""What pyproject.toml cannot say: config and migrations travel as data of `sunshine`."""

from setuptools import setup

setup(
    py_modules=["cli", "server"],
    packages=[
        "handlers",
        "models",
        "sunshine",
        "sunshine.backups",
        "sunshine.checkup",
        "sunshine.commands",
        "sunshine.rules",
        "sunshine.schemas",
        "sunshine.web",
        "sunshine.web.openapi",
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
