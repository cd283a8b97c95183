"""From rows to entities: one presenter an entity. They ask the database nothing."""
