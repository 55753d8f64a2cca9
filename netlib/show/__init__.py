"""What a person looks at: figures, ladders, panels. Nothing else in netlib depends on this room."""
