package source

import "testing"

// Keys are found by their hash: this one was computed by another program.
func TestGoldenKeyHash(t *testing.T) {
	if got := KeyHash("wk_0123456789"); got != "791f6ae72d319881a011d5666f99080ba6470da4d51f261956ff51a068089f53" {
		t.Errorf("the hash is %s", got)
	}
}
