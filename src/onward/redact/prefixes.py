"""Prefixes of the keys of services, with the least number of characters behind each.

Nearly all of them are those of betterleaks; a test holds that redaction finds what the full set of its rules finds.
"""

from __future__ import annotations

_ENTRIES = (
    # Models and data for them
    "gsk_:40 xai-:40 pplx-:40 r8_:30 csk-:40 tgp_v1_:36 fw_:20 lsv2_:36 llx-:40 wandb_v1_:60 pcsk_:40 tvly-:24 fc-:32 "
    "apify_api_:30  sk_car_:16 voyage-:30 jina_:40 BSA:24 cog_:40 apk_user_:100 apk_:70 pk-lf-:32 ABSK:100 "
    "bedrock-api-key-:24 "
    # Forges, packages, builds
    "npm_:36 pypi-AgE:50 rubygems_:48 cio:32 CLOJARS_:50 dckr_pat_:24 dckr_oat_:27 SWMTKN-1-:70 SWMKEY-1-:36 oy2:40 squ_:40 "
    "sqp_:40  sqa_:40 AKCp:60 cmVmd:54 ATBB:28 BBDC-:32 ATAT:100 ATCT:100 bkua_:36 bkaa_:60 bkaj_:60 bkar_:60 bkct_:60 "
    "bkpt_:60 bkpat_:36 CCIPAT_:50  sgp_:40 ion_:40 expo_:36 csa_:30 pul-:40 ddp_:30 unkey_:20 pnu_:32 prf_:20 tss_:20 "
    "vtwn_:20 dvc_server_:8 dvc_mobile_:8 dvc_client_:8 "
    # Hosts and clouds
    "dop_v1_:60 doo_v1_:60 dor_v1_:60 linode_pat_:40 hcloud_:40 fo1_:36 fm2_:80 HRKU-AA:40 vcp_:40 vck_:40 vca_:40 vcr_:40 "
    "vci_:40  vercel_blob_rw_:24 nfp_:30 rnd_:24 rw_Fe26:40 sbp_:36 sb_secret_:24 napi_:40 pscale_tkn_:32 pscale_pw_:32 "
    "pscale_oauth_:32  cfut_:40 cfat_:40 fastly_:28 LTAI:16 EXO:24 ico-:30 rpa_:28 tk-us-:40 ucat_:24 CCDB1_:50 4b1d:36 "
    "mdb_sa_sk_:36 mdb_sa_id_:24 cflt:50  dapi:32 eyJraWQiOi:60 essu_:50 os_v2_:60 ops_eyJ:60 A3-:28 AGE-SECRET-KEY-1:50 "
    "tskey-:20 ngrok_:36 "
    # Observation
    "sntryu_:60 sntrys_:60 sntrya_:40 ddapp_:30 ddog_:30 NRAK-:24 NRII-:28 NRJS-:16 NRBR-:16 hcaik_:40 phx_:36 sdk-:32 "
    "lip_:16 "
    # Payment and shops
    "sq0atp-:20 sq0csp-:36 EAAA:50 EAAM:60 EAAC:60 EZAK:50 EZTK:50 rzp_live_:14 rzp_test_:14 FLWSECK_TEST-:12 FLWSECK-:24 "
    "FLWPUBK_TEST-:30 shpat_:30 shpca_:30  shppa_:30 shpss_:30 live_:32 access-production-:32 access-sandbox-:32 "
    "ramp_sec_:40 ramp_id_:36 duffel_:40 shippo_:36 xnd_:40  persona_production_:20 mercury_production_:40 "
    "pdl_live_apikey_:40 polar_:20 zpka_:36 samsara_api_:26 "
    # Tools for people
    "figd_:36 PMAK-:50 CFPAT-:40 xkeysib-:60 re_:30 pat-na1-:32 pat-eu1-:32 tfp_:40 fio-u-:50 p8e-:30 cnvca:40 rootly_:50 "
    "rdme_:50  nyk_:50 pina_:20 waka_:36 phc_:60 sm_aat_:16 sm_pat_:16 sm_sat_:16 AIK_:20 trm_:30 "
    "mergify_application_key_:40 U1VNTyA:50 sig_:24  s-s4t2:60 eyJtaXJv:28 cs_:40 key_:28 KEY:50 Mid-server-:10 gcntfy-:60 "
    "endr:16 wrka:60 db-:28 m0-:36 prs_:32 whs_:32 sec-c-:40 "
)
PREFIXES = {prefix: int(least) for prefix, _, least in (entry.partition(":") for entry in _ENTRIES.split())}
