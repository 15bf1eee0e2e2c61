"""Tables and the statements over them, a file for each family. No decision lives here.

All tables are known as soon as any of this is imported, so that the schema is always whole.
"""

from bot.store import fedtables, tables, trusttables

__all__ = ["fedtables", "tables", "trusttables"]
