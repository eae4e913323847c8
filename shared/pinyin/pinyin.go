// Package pinyin reads characters aloud: the pinyin of names, without tones. It is no reader of texts: of a character with several readings it gives the usual one, of a
// surname the one of surnames. The surprising thing: its table is made at every start, so that only who lists people is to import it.
package pinyin

import (
	"github.com/mozillazg/go-pinyin"
)

// surnames are those that are read otherwise as a surname, and such of two characters.
var surnames = map[string][]string{
	"单": {"shan"}, "曾": {"zeng"}, "仇": {"qiu"}, "解": {"xie"}, "查": {"zha"}, "区": {"ou"}, "任": {"ren"}, "朴": {"piao"}, "盖": {"ge"}, "翟": {"zhai"}, "缪": {"miao"}, "繁": {"po"},
	"覃": {"qin"}, "宓": {"mi"}, "秘": {"bi"}, "种": {"chong"}, "折": {"she"}, "员": {"yun"}, "乐": {"yue"}, "洗": {"xian"}, "冼": {"xian"}, "召": {"shao"}, "尉": {"wei"}, "长": {"zhang"},
	"尉迟": {"yu", "chi"}, "万俟": {"mo", "qi"}, "单于": {"chan", "yu"}, "长孙": {"zhang", "sun"}, "澹台": {"tan", "tai"}, "宿": {"su"}, "令狐": {"ling", "hu"},
}

// Name gives the syllables of a name's characters, which begin with the surname; "" for one that has no reading.
func Name(han []rune) []string {
	syllables := make([]string, len(han))
	known := 0
	for _, n := range []int{2, 1} {
		if len(han) >= n && known == 0 {
			known = copy(syllables, surnames[string(han[:n])])
		}
	}
	for i := known; i < len(han); i++ {
		if read := pinyin.SinglePinyin(han[i], pinyin.Args{Style: pinyin.Normal}); len(read) > 0 {
			syllables[i] = read[0]
		}
	}
	return syllables
}
