package dynamo

import (
	"strings"
	"testing"
)

func TestTheNamesOfAttributesStay(t *testing.T) {
	names := []string{AttrPK, AttrSK, AttrTTL, AttrVersion, AttrBody, AttrTo}
	if got := strings.Join(names, " "); got != "pk sk ttl v b to" {
		t.Errorf("attributes are called %q", got)
	}
}
