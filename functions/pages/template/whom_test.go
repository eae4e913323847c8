package template_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/pinyin"
)

// TestWhomAPreviewIsOf can be named by whatever the console shows or finds somebody by; an address of two is nobody's, and in the frame of no mail.
func TestWhomAPreviewIsOf(t *testing.T) {
	b := shop(t)
	listed := func(user, name, email, phone string) *profile.Profile {
		p := b.Person(user, func(p *profile.Profile) {
			p.Traits = profile.Traits{"name": {Value: name, By: trust.Shop}, "email": {Value: email, By: trust.Shop}, "phone": {Value: phone, By: trust.Shop}}
		})
		b.Must((people.Search{DB: b.DB, Table: "Search"}).List(t.Context(), p, search.Of(p).Terms(pinyin.Name)))
		return p
	}
	cai := listed("cai", "蔡", "cai@shop.example", "13812345678")
	listed("one", "一", "home@shop.example", "")
	listed("two", "二", "home@shop.example", "")
	b.Person("13900000000", func(p *profile.Profile) { p.Traits = profile.Traits{"name": {Value: "号", By: trust.Shop}} }) // the shop's ids look like numbers
	f := b.As(access.Editor, text.Chinese)
	page := func(who string) string {
		return f.Page("/console/templates/show?id=welcome&reason=check&user=" + url.QueryEscape(who))
	}
	for who, name := range map[string]string{
		"cai": "蔡", string(cai.ID): "蔡", "profile:" + string(cai.ID): "蔡", "cai@shop.example": "蔡", "138 1234 5678": "蔡", "13900000000": "号",
	} {
		shown := page(who)
		if !strings.Contains(shown, "Hi "+name) {
			t.Errorf("%s is not %s: %s", who, name, tidy(shown))
		}
		_, frame, _ := strings.Cut(shown, "<iframe")
		if links, _, _ := strings.Cut(frame, ">"); strings.Contains(who, "@") && (links == "" || strings.Contains(links, "cai%40")) {
			t.Errorf("the address stands in a link: %s", links)
		}
	}
	holds(t, page("home@shop.example"), "不止一个人有 home@shop.example，请改用用户 ID 或 profileId。", "没有带入任何人")
	for _, who := range []string{"nobody", "nobody@shop.example", "13700000000"} {
		holds(t, page(who), "没有找到 "+who+"：", "没有带入任何人")
	}
	if english := b.As(access.Viewer, text.English).Page("/console/templates/show?id=welcome&user=" + url.QueryEscape(string(cai.ID))); strings.Contains(english, "蔡") || !strings.Contains(english, "filled with what is masked") {
		t.Errorf("a viewer is shown %s", tidy(english))
	}
}
