package profile

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// TestTheExportShowsEveryFieldOfAProfile holds what the export shows of a profile to what a profile holds.
func TestTheExportShowsEveryFieldOfAProfile(t *testing.T) {
	// Where a field is shown under another name, or why it is not.
	shown := map[string]string{
		"ID": "ProfileID", "Identifiers": "IDs", "Parts": "Parts", "FirstSeen": "FirstSeen", "LastSeen": "LastSeen", "Consent": "Consent", "Orders": "OrderEntries",
		"Members": "Memberships", "Touch": "Touch", "Active": "ActiveDays", "Devices": "Devices", "Tokens": "Tokens",
	}
	ours := map[string]string{
		"Version": "of the item", "Window": "which events were folded", "Outbox": "what is still to be told", "Unknown": "of a newer version", "ErasedAt": "the newest of Erasures",
		"ShopDays": "from when on days are the shop's", "Listed": "what finds them, which is shown",
	}
	fields := map[string]bool{}
	for _, v := range []reflect.Type{reflect.TypeOf(view{}), reflect.TypeOf(detail{}), reflect.TypeOf(memory{})} {
		for i := range v.NumField() {
			fields[v.Field(i).Name] = true
		}
	}
	var check func(v reflect.Type)
	check = func(v reflect.Type) {
		for i := range v.NumField() {
			f := v.Field(i)
			switch {
			case f.Anonymous:
				check(f.Type)
			case !f.IsExported() || ours[f.Name] != "" || fields[f.Name] || fields[shown[f.Name]]:
			default:
				t.Errorf("the export does not show %s", f.Name)
			}
		}
	}
	check(reflect.TypeOf(profile.Profile{}))
}

// TestWhatIsShownIsNamedLikeTheRest: a field without a name in JSON is shown by its name in Go.
func TestWhatIsShownIsNamedLikeTheRest(t *testing.T) {
	seen := map[reflect.Type]bool{reflect.TypeOf(time.Time{}): true}
	var check func(v reflect.Type)
	check = func(v reflect.Type) {
		switch {
		case v.Kind() == reflect.Pointer, v.Kind() == reflect.Slice, v.Kind() == reflect.Array, v.Kind() == reflect.Map:
			check(v.Elem())
			return
		case v.Kind() != reflect.Struct, seen[v]:
			return
		}
		seen[v] = true
		for i := range v.NumField() {
			f := v.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" || !f.IsExported() && !f.Anonymous {
				continue
			}
			if !f.Anonymous && (name == "" || name[0] < 'a' || name[0] > 'z') {
				t.Errorf("%s.%s is shown as %q", v, f.Name, name)
			}
			check(f.Type)
		}
	}
	for _, v := range []any{view{}, detail{}, deviceList{}} {
		check(reflect.TypeOf(v))
	}
}

// TestTheOrderOfLists is by time, the newest first, and by name where the times are the same.
func TestTheOrderOfLists(t *testing.T) {
	noon, p := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), &profile.Profile{}
	p.Devices, p.Viewed, p.Tokens = map[string]profile.Client{}, map[string]time.Time{}, map[string]profile.Token{}
	for id, minute := range map[string]int{"b": 1, "a": 1, "old": 0, "new": 3, "c": 1, "e": 2, "d": 2} {
		at := noon.Add(time.Duration(minute) * time.Minute)
		p.Devices[id], p.Viewed[id], p.Tokens[id] = profile.Client{At: at}, at, profile.Token{At: at}
	}
	const want = "new d e a b c old "
	var devices, tokens, products string
	for _, d := range devicesOf(p) {
		devices += d.ID + " "
	}
	for _, token := range tokensOf(p) {
		tokens += token.Value + " "
	}
	for _, v := range interestsOf(p, noon).Viewed {
		products += v.ProductID + " "
	}
	if devices != want || tokens != want || products != want {
		t.Errorf("devices %s, tokens %s, products %s, want %s", devices, tokens, products, want)
	}
}
