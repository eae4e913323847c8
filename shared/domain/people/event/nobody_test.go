package event

import (
	"strings"
	"testing"
)

func TestMeaningful(t *testing.T) {
	for _, id := range []string{"", " ", "0", "000", "-", "----", "-1", "00000000-0000-0000-0000-000000000000", "null", "(null)", "<null>", "nil", "<nil>", "None", "NaN", "nan",
		"undefined", "true", "false", "unknown", "Guest", "anonymous", "not_authenticated", "Not Authenticated", "[object Object]", "[object Undefined]", "N/A", "#N/A", "(not set)", "游客",
		"{{ user.id }}", "{{user_id}}", "u-{{ id }}", "${userId}", "#{id}", "<%= user.id %>", "{% id %}", "%%userId%%", "[[id]]", "*|EMAIL|*", "{userId}", "<user id>", "\"undefined\"", "'null'", "[null]", "(unknown)",
		"[object Promise]", "[object HTMLInputElement]", "anonymousUser", "Optional(nil)", "function () { return id }", "undefined-undefined", "null:null", "nullnull", "None, None", "null,", "NULL;", "ｎｕｌｌ",
		"null\u200b", "\ufeffundefined", "guest_0", "访客", "未登陆", "logged_out", "customer_id", "%s", "%d", "%@", "%v"} {
		for _, spelt := range []string{id, strings.ToUpper(id), " " + id + "\t"} {
			if id != "%s" && strings.HasPrefix(id, "%") && len(id) == 2 && spelt == strings.ToUpper(id) {
				continue // a format verb has one case
			}
			if id == "%s" && spelt == "%S" {
				continue
			}
			if got := Meaningful(spelt); got != "" {
				t.Errorf("%q means somebody", spelt)
			}
		}
	}
	for _, id := range []string{"1", "10", "-2", "guest-1", "guests", "unknown1", "nullable", "trueman", "00000000-0000-0000-0000-000000000001", "a{{b", "}}a{{", "${", "$5}", "50%", "%s5", "100%%",
		"{", "<>", "*s", "<s", "%x", "sx", "{ab", "<ab}", "*ab}", "{ab>", "ab}", "a{b}", "<ab", "ab>", "a<b>", "{a1}", "<1>", "{a>", "[object", "x{}", "{b}c", "***", "object", "guest-5", "0-1", "true-north",
		"null-island", "Optional(7)", "functional", "5;", "ＡＮＮ", "张三", " ann ", `{"id":1}`, "a|b*", "{6F9619FF-8B86-D011-B42D-00CF4FC964FF}", "[object Object]1"} {
		if got := Meaningful(id); got != id {
			t.Errorf("%q is taken for %q", id, got)
		}
	}
}

// TestByteOrderMark takes a body that begins with the mark, once.
func TestByteOrderMark(t *testing.T) {
	const body = `{"userId":"u","event":"X"}`
	if e, refused := one(t, Track, "\uFEFF"+body); refused.Reason != "" || e.UserID != "u" {
		t.Errorf("%+v, %+v", e, refused)
	}
	if _, err := ParseOne([]byte("\uFEFF\uFEFF"+body), Track, Arrival{}); err == nil {
		t.Error("two marks are taken")
	}
}
