package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// entrance is a name that keys are given by, and the hashes of those that it has or gets.
type entrance struct {
	name, holder string
	given        bool // in this run
	hashes       []string
}

var hashForm = regexp.MustCompile(`[0-9a-f]{64}`)

// checkDoubles refuses a key for two holders: whoever reads the public one in a page would be the shop or an owner. What this run does not give is let be,
// else a stack that has such a key could not change it.
func (d *deployment) checkDoubles() []string {
	var all []entrance
	for _, variable := range slices.Sorted(maps.Keys(keyOf)) {
		if key := d.keys[keyOf[variable]]; key != "" {
			all = append(all, entrance{variable, keyOf[variable], true, []string{hash(key)}})
		}
	}
	for _, row := range []entrance{{name: hashIn[server], holder: server}, {name: hashIn[operator], holder: operator}, {name: "OperatorKeys", holder: operator}} {
		_, row.given = d.wish.values[row.name]
		row.hashes = hashForm.FindAllString(strings.ToLower(d.values[row.name]), -1)
		all = append(all, row)
	}
	if key := d.values["DefaultWriteKey"]; key != "" {
		_, named := d.wish.values["DefaultWriteKey"]
		all = append(all, entrance{"DefaultWriteKey", writer, named, []string{hash(key)}})
	}
	var faults []string
	for i, a := range all {
		for _, b := range all[i+1:] {
			same := slices.ContainsFunc(a.hashes, func(h string) bool { return slices.Contains(b.hashes, h) })
			if same && a.holder != b.holder && (a.given || b.given) {
				faults = append(faults, fmt.Sprintf("%s and %s have one key: whoever has it as the one's would open what is the other's, so give each a key of its own", a.name, b.name))
			}
		}
	}
	return faults
}
