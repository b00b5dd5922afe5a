"""What network tools stand on: which addresses may be reached, bodies of bounded size, robots.txt, a small cache."""
