package operation_test

import (
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/dynamo/runs"
)

// TestRetentionAndQuality are shown of a run that tells them.
func TestRetentionAndQuality(t *testing.T) {
	b := pagestest.Start(t)
	f := b.As(access.Viewer, text.Chinese)
	store := runs.Runs{DB: b.DB, Table: "Runs"}
	run := score.Run{ID: "R", CreatedAt: b.Now(), Currency: "CNY", Shards: 1}
	_, err := store.Create(t.Context(), run)
	b.Must(err)
	for _, path := range []string{"cohorts", "quality"} {
		if page := f.Page("/console/runs/" + path + "?id=R"); !strings.Contains(page, "还没有统计完") {
			t.Error(page)
		}
	}
	b.Must(store.SaveFindings(t.Context(), "R", score.Findings{Profiles: 40, Unreadable: 7}))
	b.Must(store.SaveResult(t.Context(), run, 1, runs.RunResult{Quality: score.Quality{"noName": 30}, TagUse: &score.TagUse{Tags: 8, Asked: 6, Idle: []score.Valued{{Value: "<b>tea", Count: 1234}}},
		Cohorts: &score.Cohorts{Months: map[string][]int{"2026-10": {4, 1}, "2026-11": {1234}}, Days: map[string][]int{"2026-11-20": {5, 2}}}}))
	for path, says := range map[string][]string{
		"/console/runs/cohorts?id=R": {`2026-10</th><td class="n">4</td><td class="n">100.0%</td><td class="n">25.0%</td>`, `2026-11</th><td class="n">1,234</td><td class="n">100.0%</td></tr>`, `2026-11-20</th><td class="n">5</td><td class="n">100.0%</td><td class="n">40.0%</td>`, "第 1 月", "第 1 天"},
		"/console/runs/quality?id=R": {`没有姓名</th><td class="n">30</td><td class="n">75.0%</td>`, `没有手机号</th><td class="n">0</td>`, `<td class="n">7</td>`, "共 40 份档案",
			"用到了 6 个标签，用户身上共有 8 个，标签使用率 75.0%（目标 80%）", `&lt;b&gt;tea</th><td class="n">1,234</td>`},
		"/console/runs/show?id=R": {"/console/runs/cohorts?id=R", "/console/runs/quality?id=R"},
	} {
		page := f.Page(path)
		for _, want := range says {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %s: %s", path, want, page)
			}
		}
	}
}
