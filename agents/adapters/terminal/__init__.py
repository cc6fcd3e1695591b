"""Any program on a pty or pipes, understood by what it tells its terminal and by what is on its screen."""
