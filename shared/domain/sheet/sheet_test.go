package sheet

import "testing"

func TestNoTextIsAFormula(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "u-1": "u-1", "a=b": "a=b", "é+": "é+", " =1": " =1", "茶": "茶",
		`=HYPERLINK("http://x")`: `'=HYPERLINK("http://x")`, "+8613800001111": "'+8613800001111", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)",
		"\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", "＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠x": "'＠x",
	} {
		if got := Text(text); got != want {
			t.Errorf("%q is written as %q, want %q", text, got, want)
		}
	}
}
