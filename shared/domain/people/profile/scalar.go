package profile

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/rawjson"
)

// scalar reads a JSON value as string, bool, int64 or float64; null is nil; arrays and objects are kept as their text.
func scalar(raw []byte) any {
	if len(raw) == 0 {
		return nil
	}
	switch raw[0] {
	case '"':
		return clip.To(rawjson.Text(raw), MaxTraitText)
	case 't':
		return true
	case 'f':
		return false
	case 'n':
		return nil
	case '{', '[':
		var compact bytes.Buffer
		if json.Compact(&compact, raw) != nil {
			return nil
		}
		return clip.To(compact.String(), MaxTraitTree)
	}
	if i, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return i
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil
	}
	return f
}

// short is a name as long as it is kept.
func short(text string) string { return clip.To(text, MaxTraitKey) }
