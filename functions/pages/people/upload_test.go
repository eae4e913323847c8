package people_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// TestUpload: an editor pastes lines of a table, gets an account of them, and keeps what they pasted.
func TestUpload(t *testing.T) {
	b := pagestest.Start(t)
	b.Person("mei", func(p *profile.Profile) { p.FirstSeen = pagestest.Noon })
	if w := b.As(access.Viewer, text.Chinese).Post("/console/upload/send", "list", "spring", "mode", "add", "lines", "userId\nmei"); w.Code != http.StatusForbidden {
		t.Errorf("a viewer: %d", w.Code)
	}
	f := b.As(access.Editor, text.Chinese)
	if page := f.Page("/console/upload"); !strings.Contains(page, "上传名单与标签") {
		t.Error("no page")
	}
	if w := f.Post("/console/upload/send", "list", "spring", "mode", "add", "lines", "name\nmei"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "name") {
		t.Errorf("what is no table: %d", w.Code)
	}
	w := f.Post("/console/upload/send", "list", "spring", "mode", "add", "lines", "userId\temail\nmei\t\nnobody\t\nmei\t")
	for _, part := range []string{"共 3 行：对应 1 人，重复 1 行，没有对应 1 行。", "没有人的标识是它", "&#34;onList.spring&#34;", "nobody"} {
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), part) {
			t.Errorf("%d without %s", w.Code, part)
		}
	}
	w = f.Post("/console/upload/send", "list", "", "mode", "remove", "lines", "userId,tags\nmei,vip")
	jobs := functiontest.Jobs[job.Events](b, b.Events)
	if w.Code != http.StatusOK || len(jobs) != 2 || !strings.HasPrefix(string(jobs[0].Command.Event.Properties), `{"list":"spring","by":`) || !strings.HasPrefix(string(jobs[1].Command.Event.Properties), `{"remove":["vip"],"by":`) {
		t.Errorf("%d, sent %+v", w.Code, jobs)
	}
}
