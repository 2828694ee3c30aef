"""What the commands share: models, arguments, tables, output, errors, files, processes."""
