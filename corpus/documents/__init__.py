"""What was written: PDF, JATS XML, HTML, Markdown and plain text, read to `Document`.

`read.read_document(path)` is the way in; each format has its module.
"""
