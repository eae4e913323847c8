package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// ErrMore says that something follows a value.
var ErrMore = errors.New("something follows the value")

// Tree builds a text that is one value, of maps, lists, texts, truth values and numbers as they are written (json.Number). Unlike the rest of the package it
// checks what it reads: an error means that the text is no JSON, or ErrMore.
func Tree(raw []byte) (any, error) {
	read := json.NewDecoder(bytes.NewReader(raw))
	read.UseNumber()
	var tree any
	if err := read.Decode(&tree); err != nil {
		return nil, err
	}
	if _, err := read.Token(); err != io.EOF {
		return nil, ErrMore
	}
	return tree, nil
}
