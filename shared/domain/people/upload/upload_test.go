package upload

import (
	"fmt"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
)

// said writes lines as a test reads them.
func said(lines []Line) string {
	var all []string
	for _, l := range lines {
		one := fmt.Sprint(l.Number, " ", l.Profile, l.Who.Kind, " ", l.Who.Value)
		if len(l.Tags) > 0 {
			one += fmt.Sprint(" ", l.Tags)
		}
		if l.Reason != "" {
			one = fmt.Sprint(l.Number, " ", l.Reason)
		}
		all = append(all, one)
	}
	return strings.Join(all, "|")
}

func TestRead(t *testing.T) {
	id := string(profile.Identifier{Kind: profile.UserID, Value: "ann"}.ID())
	for _, c := range []struct {
		form   Form
		tagged bool
		body   string
		want   string
	}{
		{CSV, false, "\ufeffuserId, email\r\nann,\r\n,Ann@Shop.example\r\nbob,bob@shop.example\r\n,\r\n", "2 user ann|3 email ann@shop.example|4 user bob|5 names nobody"},
		{CSV, false, "phone\n138 0000 1111\nx\n", "2 phone 13800001111|3 has no phone that can be one"},
		{CSV, false, "profileId,anonymousId\n" + id + ",\n7,\n,phone-1\n", "2 " + id + " |3 has no profileId that can be one|4 anonymous phone-1"},
		{CSV, false, "userId\n\"a\nb\"\nann,7\nbob\n\"c", "2 user a\nb|4 cannot be read as a line of a table with the columns that the first line names|5 user bob|6 cannot be read as a line of a table with the columns that the first line names"},
		{CSV, true, "userId,tags\nann,\"vip, 老客;vip\"\nbob, \n,x\n", "2 user ann [vip 老客]|3 has no tag|4 names nobody"},
		{CSV, true, "userId,tags\nann," + strings.Repeat("x", 65) + "\n", "2 has what is no tag"},
		{Lines, true, `{"userId":"ann","tags":["a","a"]}` + "\n\n" + `{"userId":7}` + "\n[]\n" + `{"name":"x"}` + "\n" + `{"email":"a@b.example","tags":"a"}`,
			`1 user ann [a]|3 userId is not a text|4 is not a JSON object|5 has "name", which is none of profileId, userId, anonymousId, email, phone, tags|6 has tags that are not a list of texts`},
		{Lines, false, `{"userId":"ann","tags":["a"]}`, `1 has "tags", which is none of profileId, userId, anonymousId, email, phone`},
	} {
		lines, err := Read(c.form, []byte(c.body), c.tagged)
		if got := said(lines); err != nil || got != c.want {
			t.Errorf("%q: %q, %v, want %q", c.body, got, err, c.want)
		}
	}
	many := strings.Repeat("ann\n", MaxLines)
	if lines, err := Read(CSV, []byte("userId\n"+many), false); err != nil || len(lines) != MaxLines {
		t.Errorf("as many as there may be: %d, %v", len(lines), err)
	}
	for body, want := range map[string]string{
		"": "has no first line that names the columns", "userId\n": "has no line that names somebody", "name\nann\n": `has the column "name", which is none of profileId, userId, anonymousId, email, phone`,
		"userId,userId\na,b\n": "has the column userId twice", "userId\nann\n" + many: "has 2001 lines, at most 2000: send it in parts",
	} {
		if _, err := Read(CSV, []byte(body), false); err == nil || err.Error() != want {
			t.Errorf("%.40q: %v, want %s", body, err, want)
		}
	}
}

// FuzzRead: whatever is sent, each line names somebody or says why not.
func FuzzRead(f *testing.F) {
	f.Add("csv", "userId,tags\nann,vip\n", true)
	f.Add("ndjson", `{"email":"a@b.example"}`, false)
	f.Fuzz(func(t *testing.T, form, body string, tagged bool) {
		lines, err := Read(Form(form), []byte(body), tagged)
		if err == nil && (len(lines) == 0 || len(lines) > MaxLines) {
			t.Fatalf("%d lines", len(lines))
		}
		for _, l := range lines {
			if (l.Profile == "" && l.Who.Value == "") && l.Reason == "" || l.Number < 1 {
				t.Fatalf("%+v", l)
			}
		}
	})
}
