// Command circles is a check for go vet: it tells where files of a package need one another in a circle, so that none of them can be read first. A file needs another when it
// uses what is declared at the top of that one: a function, type, constant, variable, or a method of a concrete type. A method needs the file of its type. Tests are left out.
package main

import "golang.org/x/tools/go/analysis/unitchecker"

func main() { unitchecker.Main(analyzer) }
