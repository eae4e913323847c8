package play

import (
	"encoding/json"
	"fmt"

	"github.com/userops/userops/shared/local/shop"
)

// letter is a notification in the local inbox.
type letter struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
}

func parseInbox(answer shop.Answer) ([]letter, error) {
	if answer.Status != 200 {
		return nil, fmt.Errorf("the local inbox was answered %s", answer.Problem())
	}
	var list struct {
		Items []letter `json:"items"`
	}
	if err := json.Unmarshal(answer.Body, &list); err != nil {
		return nil, fmt.Errorf("reading the local inbox: %w", err)
	}
	return list.Items, nil
}
