package definition

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/definition/schema"
	"github.com/userops/userops/shared/form"
)

// maxPages bounds how many pages of a hundred documents a select offers. What stands in a document and is not offered is kept.
const maxPages = 5

// drawing is what the form of a schema needs of the API: the documents that can be picked, and how many people have a known value.
func drawing(v *view.Visit, f *schema.Field) (form.Page, error) {
	p := form.Page{Language: language(v)}
	kinds, ruled := referred(f)
	found := make([][]form.Option, len(kinds))
	counts, known := map[string]map[string]int{}, map[string][]form.Option{}
	var asked []func(context.Context) error
	for i, kind := range kinds {
		asked = append(asked, func(ctx context.Context) (err error) {
			found[i], err = offered(ctx, v, kind)
			return err
		})
	}
	if ruled {
		asked = append(asked, func(ctx context.Context) error { return counted(ctx, v, counts, known) })
	}
	if err := v.Together(asked...); err != nil {
		return p, err
	}
	p.References = func(kind string) []form.Option {
		if i := slices.Index(kinds, kind); i >= 0 {
			return found[i]
		}
		return nil
	}
	p.Known = func(field string) []form.Option { return known[field] }
	p.Count = func(field, value string) (int, bool) {
		n, has := counts[field][value]
		return n, has
	}
	return p, nil
}

// referred are the kinds whose documents a form offers, and whether a rule is in it, which offers segments.
func referred(f *schema.Field) (kinds []string, ruled bool) {
	f.Walk(func(one *schema.Field) {
		refers := one.Refers
		if one.Type == schema.Rule {
			ruled, refers = true, definition.Segment
		}
		if refers != "" && !slices.Contains(kinds, refers) {
			kinds = append(kinds, refers)
		}
	})
	return kinds, ruled
}

// offered are the documents of a kind, and of segments the classes that every run makes.
func offered(ctx context.Context, v *view.Visit, kind string) ([]form.Option, error) {
	plural := ""
	for _, row := range definition.Rows() {
		if name, several := row.Names(); name == kind {
			plural = several
		}
	}
	var all []form.Option
	cursor := ""
	for range maxPages {
		var answer struct {
			Items []item
			Next  string
		}
		if err := v.API.Get(ctx, api.Path(plural), url.Values{"limit": {"100"}, "cursor": {cursor}}, &answer); err != nil {
			return nil, err
		}
		for _, one := range answer.Items {
			label := one.ID
			if one.Name != "" {
				label = one.Name + " (" + one.ID + ")"
			}
			all = append(all, form.Option{Value: one.ID, Label: label})
		}
		if cursor = answer.Next; cursor == "" {
			break
		}
	}
	if kind == definition.Segment {
		all = append(all, classes(language(v))...)
	}
	return all, nil
}

// classes are the segments that no definition makes.
func classes(l rule.Language) (all []form.Option) {
	for _, name := range []string{"class8", "segment11", "class15", "lifecycle", "activity.band", "stage", "alive"} {
		f, _, _ := rule.Find(name, l)
		for _, value := range f.Values {
			all = append(all, form.Option{Value: strings.TrimSuffix(name, ".band") + ":" + value.Value, Label: f.Label + " · " + value.Label})
		}
	}
	f, _, _ := rule.Find("valueDecile", l)
	for n := 10; n > 0; n-- {
		all = append(all, form.Option{Value: fmt.Sprintf("valueDecile:%d", n), Label: fmt.Sprintf("%s · %d", f.Label, n)})
	}
	return all
}

// counted notes how many people are known to have each value, and of a field that may have any the values that people have.
func counted(ctx context.Context, v *view.Visit, into map[string]map[string]int, known map[string][]form.Option) error {
	var answer struct {
		Items []struct {
			Name   string
			Values []struct {
				Value string
				Count *int
			}
		}
	}
	if err := v.API.Get(ctx, api.Path("fields"), url.Values{"lang": {string(language(v))}}, &answer); err != nil {
		return err
	}
	for _, f := range answer.Items {
		for _, value := range f.Values {
			if value.Count == nil {
				continue
			}
			if into[f.Name] == nil {
				into[f.Name] = map[string]int{}
			}
			into[f.Name][value.Value] = *value.Count
			known[f.Name] = append(known[f.Name], form.Option{Value: value.Value, Label: form.People(*value.Count, language(v))})
		}
	}
	return nil
}
