"""The machine of Haechi: everything but the conversation with people, which is in `handlers`."""
