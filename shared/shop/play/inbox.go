package play

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/userops/userops/shared/shop"
)

// letter is a notification in the local inbox.
type letter struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
}

// parseInbox reads the letters to the people of the play.
func parseInbox(answer shop.Answer) ([]letter, error) {
	if answer.Status != 200 {
		return nil, fmt.Errorf("the local inbox was answered %s", answer.Problem())
	}
	var all []letter
	if err := json.Unmarshal(answer.Body, &all); err != nil {
		return nil, fmt.Errorf("reading the local inbox: %w", err)
	}
	own := all[:0]
	for _, l := range all {
		if strings.HasSuffix(l.To, domain) {
			own = append(own, l)
		}
	}
	return own, nil
}
