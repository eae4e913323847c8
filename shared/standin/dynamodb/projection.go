package dynamodb

// parseProjection reads a ProjectionExpression.
func parseProjection(src string, subs *substitutions) ([]path, error) {
	p := newParser("ProjectionExpression", src, subs)
	var paths []path
	for p.err == nil {
		paths = append(paths, p.path())
		if !p.accept(",") {
			break
		}
	}
	p.end()
	p.overlaps(paths)
	return paths, p.err
}

// project keeps what the paths lead to. The paths must not overlap.
func project(attrs []byte, paths []path) []byte {
	out := make([]byte, 0, 256)
	for len(attrs) > 0 {
		name, value, rest := nextAttr(attrs)
		if kept := keep(value, string(name), paths); kept != nil {
			out = appendBytes(out, name)
			out = append(out, kept...)
		}
		attrs = rest
	}
	return out
}

// keep is the part of an attribute that the paths lead to, nil for none.
func keep(value []byte, name string, paths []path) []byte {
	var deeper []path
	for _, p := range paths {
		if p[0].name != name {
			continue
		}
		if len(p) == 1 {
			return value
		}
		deeper = append(deeper, p[1:])
	}
	if deeper == nil {
		return nil
	}
	switch value[0] {
	case tagMap:
		inner := project(content(value), deeper)
		if len(inner) == 0 {
			return nil
		}
		return shut(append(open(nil, tagMap), inner...), 0)
	case tagList:
		var kept [][]byte
		for i, e := range listElements(value) {
			if k := keepElement(e, i, deeper); k != nil {
				kept = append(kept, k)
			}
		}
		if kept == nil {
			return nil
		}
		return listOf(kept)
	}
	return nil
}

func keepElement(value []byte, index int, paths []path) []byte {
	// An element is kept as an attribute of the list would be: its paths get a name of their own.
	var named []path
	for _, p := range paths {
		if p[0].name == "" && p[0].index == index {
			named = append(named, append(path{{name: "x"}}, p[1:]...))
		}
	}
	return keep(value, "x", named)
}
