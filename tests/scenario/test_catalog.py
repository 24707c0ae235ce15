"""Clients, products, places and lines, over HTTP against the real program."""
import pytest

CASE = "19506000134359"
PRODUCT = {
    "client": "acme",
    "name": "Sample pills",
    "market": "EU",
    "levels": [
        {"level": "pack", "id": "sgtin", "quantity": 1},
        {"level": "case", "id": "sgtin", "gtin": CASE, "quantity": 10},
        {"level": "pallet", "id": "sscc", "quantity": 20},
    ],
    "extra": {"atc": "N02BE01"},
}
GTIN = "09506000134352"
GLN = "9506000000008"


@pytest.fixture
def admin(site):
    site.admin.put("/v1/clients/acme", {"name": "Acme", "prefixes": ["9506000"]}, expect=201)
    site.admin.put("/v1/clients/other", {"name": "Other", "prefixes": ["9521321"]}, expect=201)
    site.admin.put(f"/v1/products/{GTIN}", PRODUCT, expect=201)
    return site.admin


def test_what_was_answered_outlives_a_kill(site, admin):
    admin.put(f"/v1/locations/{GLN}", {"name": "Hall", "timezone": "Europe/Zurich"}, expect=201)
    admin.put("/v1/lines/line-1", {"name": "Line 1", "location": GLN}, expect=201)
    paths = ["/v1/clients/acme", f"/v1/products/{GTIN}", f"/v1/locations/{GLN}", "/v1/lines/line-1"]
    before = [admin.get(path) for path in paths]
    site.kill()
    site.start()
    assert [site.admin.get(path) for path in paths] == before
    product = before[1]
    assert product["gtin"] == GTIN and product["version"] == 1
    assert product["levels"][0] == {"level": "pack", "id": "sgtin", "gtin": GTIN, "quantity": 1}
    assert {k: product[k] for k in PRODUCT if k != "levels"} == {
        k: PRODUCT[k] for k in PRODUCT if k != "levels"}


def test_a_shorter_gtin_names_the_same_product(admin):
    same = admin.put(f"/v1/products/{GTIN[1:]}", PRODUCT, expect=200)
    assert same["gtin"] == GTIN and same["version"] == 1


def test_contradictions_are_problems_with_a_code(admin):
    admin.refused("PUT", f"/v1/products/{CASE}", {"client": "acme", "name": "x"},
                  status=409, code="gtin.taken")
    admin.refused("PUT", f"/v1/products/{GTIN}", {**PRODUCT, "client": "other"},
                  status=409, code="product.client")
    admin.refused("PUT", "/v1/clients/third", {"name": "x", "prefixes": ["95060001"]},
                  status=409, code="prefix.taken")
    admin.refused("PUT", "/v1/lines/line-1", {"name": "x", "location": GLN},
                  status=422, code="location.unknown")
    admin.refused("GET", "/v1/lines/line-1", status=404, code="line.unknown")


def test_a_client_sees_its_own_things_alone(site, admin):
    admin.put(f"/v1/parties/{GLN}", {"name": "Whom Acme deals with"}, expect=201)
    for role in ("client", "gateway"):
        stranger = site.as_role(role, client="other")
        stranger.refused("GET", f"/v1/products/{GTIN}", status=404, code="product.unknown")
        stranger.refused("GET", "/v1/clients/acme", status=404, code="client.unknown")
        stranger.refused("GET", f"/v1/parties/{GLN}", status=404, code="party.unknown")
        assert stranger.get("/v1/products") == {"items": [], "next": None}
        assert [c["client"] for c in stranger.get("/v1/clients")["items"]] == ["other"]
        stranger.refused("PUT", "/v1/clients/other", {"name": "x"}, status=403)
    assert site.as_role("client", client="acme").get(f"/v1/products/{GTIN}")["gtin"] == GTIN
