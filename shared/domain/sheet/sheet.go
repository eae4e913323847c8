// Package sheet is what a table needs so that programs for tables take it as it is meant. It writes no table. The surprising thing: a cell that begins like a formula is one to such a
// program, whoever wrote it, so that somebody's name could fetch what stands in the cells beside it.
package sheet

import "strings"

// Text is a text that no program for tables takes for a formula: one that begins like a formula has an apostrophe before it.
func Text(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(text)[0]) {
		return "'" + text
	}
	return text
}
