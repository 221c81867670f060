"""The `models` room: which models exist, and where their weights are on this machine.

Modules, from the list of models to a file that may be opened:

    entry         `Entry`, all that is known of one model, and the table of the kinds of models
    catalogue     catalogue.toml as entries, and the look-up by name
    store         finds weights in this machine's folders, and has them checked and fetched
    integrity     size and hash of a file, remembered until the file changes
    fetching      one file from its publisher, a folder or an address, checked before it gets its name
        download      one file over HTTP, continued after an interruption
        npm_package   one file out of a public npm package
"""
