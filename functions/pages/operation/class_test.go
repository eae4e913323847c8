package operation_test

import (
	"strings"
	"testing"

	"github.com/userops/userops/functions/pages/pagestest"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/dynamo/runs"
)

// TestWhatARunDoesNotTellOfClasses: what its predictions lack stands in the place of zeros, and of the first one it says that nobody was anywhere before.
func TestWhatARunDoesNotTellOfClasses(t *testing.T) {
	b := pagestest.Start(t)
	store := runs.Runs{DB: b.DB, Table: "Runs"}
	run := score.Run{ID: "R", CreatedAt: b.Now(), Currency: "CNY", Shards: 1}
	_, err := store.Create(t.Context(), run)
	b.Must(err)
	lacking := &prediction.Learned{Lacks: []prediction.Lack{prediction.LacksBuyers, prediction.LacksRecent}}
	b.Must(store.SaveFindings(t.Context(), "R", score.Findings{Profiles: 4, Model: score.Model{Buyers: 4, Predictions: lacking}, Counts: score.Counts{"class8": {"111": 1, "000": 3}, "stage": {"repurchase": 1, "acquire": 3}}}))
	b.Must(store.SaveResult(t.Context(), run, 1, runs.RunResult{
		Classes: score.Worths{"all": {"all": {Buyers: 4}}},
		Moves:   map[string][]score.Move{"class8": {{To: "000", People: 3}, {To: "111", People: 1}}, "stage": {{To: "acquire", People: 3}}}, // one had a stage before
	}))
	for lang, says := range map[text.Lang]struct{ lacks, first []string }{
		text.Chinese: {[]string{"至少需要 500 位买家", "最近 30 天没有订单"}, []string{"第一次分类", "还没有这样分过类"}},
		text.English: {[]string{"it takes 500 buyers", "there was no order in 30 days"}, []string{"The first classes", "nobody was in any of these classes"}},
	} {
		f := b.As(access.Viewer, lang)
		for _, group := range []string{"alive", "valueDecile", "class8", "stage"} {
			page := f.Page("/console/runs/classes?id=R&group=" + group)
			predicted := group == "alive" || group == "valueDecile"
			for _, want := range says.lacks {
				if strings.Contains(page, want) != predicted {
					t.Errorf("%s in %s, %q: %s", group, lang, want, page)
				}
			}
			if strings.Contains(page, `<table>`) == predicted {
				t.Errorf("%s in %s has a table of zeros, or none: %s", group, lang, page)
			}
			for _, want := range says.first {
				if strings.Contains(page, want) != (group == "class8") {
					t.Errorf("%s in %s, %q: %s", group, lang, want, page)
				}
			}
		}
	}
}
