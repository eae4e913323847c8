package rule

import (
	"slices"
	"strings"
	"sync"

	"github.com/userops/userops/shared/domain/spelling"
)

// usualTraits are those of Segment's specification that are no fields of their own.
var usualTraits = []string{"name", "firstName", "lastName", "nickname", "username", "email", "phone", "company", "title", "birthday", "createdAt", "avatar", "website", "description", "address"}

// otherRoots are words that others write before a field's name.
var otherRoots = []string{"profile", "user", "person", "customer", "contact", "field", "fields", "trait", "properties", "demographics", "place"}

// shown are paths of a profile's answer that hold what a field has under another name.
var shown = map[string]string{
	"addresses.email.reachable": "reachable.email", "addresses.email.address": "traits.email", "addresses.sms.reachable": "reachable.sms", "addresses.sms.address": "traits.phone",
	"interests.viewed": "viewed.products",
}

// maxAsked is how many fields of one last part are asked back: the registry has the most general ones first.
const maxAsked = 2

// names are those that a rule may have meant by something, each with the field that it stands for: the fields', their labels in every language, the usual traits'. They are put together for
// the first rule that has a fault.
var names = sync.OnceValue(func() (all struct{ known, fields []string }) {
	add := func(known, field string) { all.known, all.fields = append(all.known, known), append(all.fields, field) }
	for _, f := range registry {
		if !strings.Contains(f.name, "<") && !f.unlisted {
			add(f.name, f.name)
		}
	}
	for _, name := range usualTraits {
		add(name, "traits."+name)
	}
	for _, f := range registry {
		if !strings.Contains(f.name, "<") && !f.unlisted {
			add(f.label(Chinese), f.name)
			add(f.label(English), f.name)
		}
	}
	return all
})

// meantBy are the fields that a name that is none may have been meant for: the likely one, else those that end as the name does. None is near where there are none.
func meantBy(name string) []string {
	if field := likely(name); field != "" {
		return []string{field}
	}
	return endingIn(name[strings.LastIndex(name, ".")+1:])
}

// endingIn are the first fields with a last part, in any case of letters.
func endingIn(part string) (all []string) {
	for _, f := range registry {
		dot := strings.LastIndex(f.name, ".")
		if dot < 0 || strings.Contains(f.name, "<") || !strings.EqualFold(f.name[dot+1:], part) {
			continue
		}
		if all = append(all, f.name); len(all) == maxAsked {
			break
		}
	}
	return all
}

// likely is the field that a name that is none was meant for; empty where no field is near. A word that others put before is no slip.
func likely(name string) string {
	if field := shown[name]; field != "" {
		return field
	}
	if root, rest, deep := strings.Cut(name, "."); deep {
		for _, other := range otherRoots {
			if strings.EqualFold(root, other) {
				if _, _, ok := lookUp(rest); ok {
					return rest
				}
				if field, _ := nearest(rest); field != "" {
					return field
				}
			}
		}
	}
	field, slips := nearest(name)
	if pattern, n := nearestPattern(name); pattern != "" && (field == "" || n < slips) {
		return pattern
	}
	return field
}

func nearest(name string) (field string, slips int) {
	all := names()
	near, slips := spelling.Nearest(name, all.known...)
	if near == "" {
		return "", 0
	}
	return all.fields[slices.Index(all.known, near)], slips
}

// nearestPattern finds the field with a part in angle brackets whose other parts are near; that part stays as it is.
func nearestPattern(name string) (field string, slips int) {
	first, last := strings.Index(name, "."), strings.LastIndex(name, ".")
	if first < 0 {
		return "", 0
	}
	for _, f := range registry {
		before, rest, pattern := strings.Cut(f.name, "<")
		_, after, _ := strings.Cut(rest, ">")
		if !pattern || after != "" && last == first {
			continue
		}
		key, n := name[first+1:], 0
		if after != "" {
			key = name[first+1 : last]
			near, slip := spelling.Nearest(name[last+1:], strings.TrimPrefix(after, "."))
			if near == "" {
				continue
			}
			n = slip
		}
		root := strings.TrimSuffix(before, ".")
		near, slip := spelling.Nearest(name[:first], root)
		if root == "active.hours" || near == "" || key == "" {
			continue
		}
		if n += slip; field == "" || n < slips {
			field, slips = before+key+after, n
		}
	}
	return field, slips
}
