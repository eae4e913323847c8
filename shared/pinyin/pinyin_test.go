package pinyin

import (
	"strings"
	"testing"
)

// TestNames: the usual reading of a character, of a surname that of surnames, and nothing of what has none.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"王小明": "wang xiao ming", "欧阳娜娜": "ou yang na na", "单田芳": "shan tian fang", "曾国藩": "zeng guo fan", "仇英": "qiu ying", "任重": "ren zhong", "小曾": "xiao ceng",
		"尉迟恭": "yu chi gong", "尉健": "wei jian", "吕布": "lv bu", "張偉": "zhang wei", "嗯": "n", "": "", "x": "",
	} {
		if got := strings.Join(Name([]rune(name)), " "); got != want {
			t.Errorf("%s is read %q, want %q", name, got, want)
		}
	}
}
