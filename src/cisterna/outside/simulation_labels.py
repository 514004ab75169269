"""What the report of a simulation calls its values, and the group each stands in."""

from __future__ import annotations

from collections.abc import Mapping

PRESSURE, FLOW, BLOOD = "Pressure", "CSF flow", "Blood"
LABELS: Mapping[str, tuple[str, str]] = {
    "map": (BLOOD, "Mean arterial pressure"),
    "icp": (PRESSURE, "ICP, mean"),
    "icp_pulse": (PRESSURE, "ICP pulse, peak to peak"),
    "icp_breath": (PRESSURE, "ICP swing with breath"),
    "sinus": (PRESSURE, "Sinus pressure"),
    "lumbar": (PRESSURE, "Lumbar CSF pressure"),
    "stroke_c2": (FLOW, "Stroke volume, C2"),
    "stroke_thoracic": (FLOW, "Stroke volume, T6"),
    "stroke_lumbar": (FLOW, "Stroke volume, lumbar"),
    "stroke_aqueduct": (FLOW, "Stroke volume, aqueduct"),
    "delay_aqueduct": (FLOW, "Delay, aqueduct after C2"),
    "wave_speed": (FLOW, "Wave speed, cervical"),
    "cbf": (BLOOD, "Cerebral blood flow"),
    "jugular_share": (BLOOD, "Jugular share of outflow"),
    "rest_icp": (PRESSURE, "ICP, mean"),
    "rest_icp_perfused": (PRESSURE, "ICP against perfusion"),
    "rest_icp_old": (PRESSURE, "ICP against the healthy old"),
    "rest_icp_reservoir": (PRESSURE, "ICP against reservoirs"),
    "rest_pulse": (PRESSURE, "ICP pulse, peak to peak"),
    "rest_pulse_f1": (PRESSURE, "ICP pulse, fundamental"),
    "rest_p1": (PRESSURE, "ICP pulse, P1 above its foot"),
    "rest_p2": (PRESSURE, "ICP pulse, P2 above its foot"),
    "rest_p3": (PRESSURE, "ICP pulse, P3 above its foot"),
    "rest_peaks_fall": (PRESSURE, "P1 > P2 > P3"),
    "rest_breath": (PRESSURE, "ICP swing with breath"),
    "rest_sinus": (PRESSURE, "Sinus pressure"),
    "rest_transmantle": (PRESSURE, "Ventricle over cortex, peak"),
    "rest_transmantle_rostral": (PRESSURE, "Cortex over ventricle, peak"),
    "rest_bridging": (PRESSURE, "Bridging veins over ICP"),
    "rest_absorbed": (FLOW, "Absorption over production"),
    "rest_stroke_c2": (FLOW, "Stroke volume, C2"),
    "rest_stroke_c2_enzmann": (FLOW, "Stroke volume, C2, 2nd study"),
    "rest_flow_range_c2": (FLOW, "Range of flow, C2"),
    "rest_c5_over_c2": (FLOW, "Stroke volume, C5 over C2"),
    "rest_thoracic_over_c2": (FLOW, "Stroke volume, T7 over C2"),
    "rest_lumbar_over_c2": (FLOW, "Stroke volume, L2 over C2"),
    "rest_wave_speed": (FLOW, "Wave speed, cervical"),
    "rest_delay_lumbar": (FLOW, "Delay, L2 after C2"),
    "rest_c2_peak": (FLOW, "Peak caudal flow, C2"),
    "rest_stroke_aqueduct": (FLOW, "Stroke volume, aqueduct"),
    "rest_stroke_aqueduct_enzmann": (FLOW, "Stroke, aqueduct, 2nd study"),
    "rest_aqueduct_late": (FLOW, "Aqueduct later than C2"),
    "rest_aqueduct_delay": (FLOW, "Delay, aqueduct after C2"),
    "rest_aqueduct_peak": (FLOW, "Peak caudal flow, aqueduct"),
    "rest_breath_c2": (FLOW, "Volume per breath, C2"),
    "rest_cbf": (BLOOD, "Cerebral blood flow"),
    "rest_inflow_peak": (BLOOD, "Arterial inflow, peak"),
    "rest_inflow_least": (BLOOD, "Arterial inflow, least"),
    "rest_inflow_excess": (BLOOD, "Arterial inflow above mean"),
    "rest_blood_excess": (BLOOD, "Blood kept within a beat"),
    "rest_jugular_share": (BLOOD, "Jugular share of outflow"),
    "rest_jugular_mainly": (BLOOD, "Outflow mainly jugular"),
}


def label(key: str, unit: str = "") -> tuple[str, str]:
    """(group, name) of a value; one without a name here is called by its id.

    Examples
    --------
    >>> label("icp"), label("infusion_rise", "mmHg")
    (('Pressure', 'ICP, mean'), ('Pressure', 'Infusion rise'))
    """
    if key in LABELS:
        return LABELS[key]
    group = (
        PRESSURE if unit.startswith("mmHg") else FLOW if unit.startswith("mL") else BLOOD if "cbf" in key else "Other"
    )
    return group, key.replace("_", " ").capitalize()
