"""Bring translations up to date with their template; runs in the virtual environment.

Arguments: languages, `--`, i18n folders. Prints what is not translated and then exits with 1.
"""

import sys
from pathlib import Path

import polib

_DATES = ("POT-Creation-Date", "PO-Revision-Date")


def main(arguments):
    """Merge every folder's template into its translations."""
    split = arguments.index("--")
    missing = 0
    for folder in map(Path, arguments[split + 1 :]):
        for path in sorted(folder.glob("*.pot")):
            template = _tidy(path)
            for language in arguments[:split]:
                missing += _merge(template, folder / f"{language}.po", language)
    return 1 if missing else 0


def _tidy(path):
    """The template without the dates of its making, so that it changes with its texts only."""
    template = polib.pofile(str(path), wrapwidth=100)
    for name in _DATES:
        template.metadata.pop(name, None)
    template.save()
    return template


def _merge(template, path, language):
    if path.exists():
        translation = polib.pofile(str(path), wrapwidth=100)
    else:
        translation = polib.POFile(wrapwidth=100)
        translation.metadata = {**template.metadata, "Language": language}
    translation.merge(template)
    for entry in translation.obsolete_entries():
        translation.remove(entry)
    translation.save(str(path))
    left = [*translation.untranslated_entries(), *translation.fuzzy_entries()]
    for entry in left:
        print(f"{path.parent.parent.name}/i18n/{path.name}: not translated: {entry.msgid!r}")
    return len(left)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
