"""Still pictures: figures, sequence diagrams, a state diagram; exercises, a progress bar."""
