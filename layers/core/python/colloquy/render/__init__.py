"""Share pages: Markdown to safe HTML, and what is around it; knows only the domain."""
